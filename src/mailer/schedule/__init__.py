"""The bell: wakes this process when something of a timetable is due. It holds no work of its own."""

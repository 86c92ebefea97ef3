"""What mail providers report by webhook: their events become the values that reports by mail become."""

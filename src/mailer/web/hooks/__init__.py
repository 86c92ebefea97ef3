"""Where mail providers call us: whoever calls proves first who they are (docs/relays.md)."""

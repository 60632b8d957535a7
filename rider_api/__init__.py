"""The edge: REST and live streams for riders, drivers and operators. It owns no database and no business rule."""

"""Live streams: one Starlette application under granian's ASGI server."""

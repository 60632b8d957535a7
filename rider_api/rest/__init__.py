"""REST: one Flask application under granian's WSGI server."""

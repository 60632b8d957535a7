"""REST: one Flask application behind an intake that takes requests in whole, served by granian."""

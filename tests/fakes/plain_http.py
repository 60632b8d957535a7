"""What HTTP clients of tests are made with: the servers of a test are on this machine and speak without TLS."""

import ssl

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For `verify=`: trusts nobody. A client that is told nothing reads the authorities of the world, each anew (40 ms),
and most tests have several clients of their own."""

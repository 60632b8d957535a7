"""Defaults that the light main processes need as well as the settings. Imports nothing."""

REST_LISTEN = "127.0.0.1:8080"
STREAM_LISTEN = "127.0.0.1:8081"
REST_THREADS = 12
REST_THREADS_MAX = 64
REST_WAITING_MAX = 100
REST_WAITING_MOST = 1_000
REST_REFUSING_THREADS = 8
"""Beyond those that work and wait: they refuse what is too much."""
REST_CONNECTIONS = 4_096
STREAM_CONNECTIONS = 20_000

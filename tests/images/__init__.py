"""The images, run as docker/compose.yaml says, by podman: `python -m tests.images`, or `make images`."""

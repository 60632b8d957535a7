"""The stack on one machine: an embedded PostgreSQL and Redis, and a supervisor over every process of Jitney."""

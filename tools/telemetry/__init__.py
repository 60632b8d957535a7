"""What is written for Prometheus and Grafana: rules of the objectives, and dashboards."""

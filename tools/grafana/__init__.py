"""The Grafana dashboards, one a module, and the parts that they share."""

"""The web page for people, and the endpoints that steer a running simulator."""

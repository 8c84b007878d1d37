"""HTTP: answers are a plain function of the request, so that the server can be exchanged."""

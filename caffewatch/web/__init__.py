"""HTTP: a WSGI application, and the server that bounds what its clients take."""

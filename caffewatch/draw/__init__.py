"""Pictures and pages from frozen data: shared by the status page and the HTML report."""

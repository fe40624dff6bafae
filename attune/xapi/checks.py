"""System checks: a misconfiguration is said at start-up, not found in a log weeks later."""

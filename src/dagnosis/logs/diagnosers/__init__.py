"""Who names the cause: rules first."""

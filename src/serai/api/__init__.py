"""The HTTP door for machines: JSON under `/api/v1`, described at `/api`."""

"""What notification_service does: the listing is the feature list."""

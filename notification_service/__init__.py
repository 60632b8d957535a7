"""Tells riders and drivers what happened: inbox, live stream and SMS, and keeps what they were told."""

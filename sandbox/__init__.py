"""Twilio, SendGrid and Stripe on loopback: their wire formats, their signatures, their failures."""

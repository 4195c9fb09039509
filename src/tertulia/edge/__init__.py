"""What the world calls: webhooks, links, live figures. Everything here reads, stores and answers; owners decide."""

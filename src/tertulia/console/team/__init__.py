"""Who works in the workspace, and their sign-in links."""

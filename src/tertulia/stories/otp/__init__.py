"""The story `otp`: one-time codes by SMS, WhatsApp and e-mail, while providers fail and a broadcast runs."""

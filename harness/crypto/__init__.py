"""Keys, encryption and signatures: what makes stored content unreadable or provably ours."""

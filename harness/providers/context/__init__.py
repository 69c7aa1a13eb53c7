"""What each model call sends of a growing conversation: estimates, trimming, compaction."""

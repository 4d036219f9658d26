"""Where the photos of a batch come from: folders, archives, lists, buckets."""

"""Labels by a network that the user brings: nnU-Net model folders and TotalSegmentator, in an environment of their own."""

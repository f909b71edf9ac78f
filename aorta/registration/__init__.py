"""One patient, two images: where the second lies in the frame of the first."""

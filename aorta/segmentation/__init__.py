"""From an image, a label map or closed surfaces to labels, with quality findings. Entry points: segment, accept, voxelise."""

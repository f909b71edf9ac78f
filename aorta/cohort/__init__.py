"""Many cases on one machine: each planned in a process of its own, one table at the end."""

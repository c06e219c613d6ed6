"""The threaded driver: gives the engine time, threads and a way out to the world."""

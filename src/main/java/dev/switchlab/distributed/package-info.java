/** The processes that compute one run together, and what they say to each other: over MPI, or alone. */
package dev.switchlab.distributed;

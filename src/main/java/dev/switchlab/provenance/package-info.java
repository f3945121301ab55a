/** Where a run comes from and what it gave, to the bit: enough to run it again and to say what differs. */
package dev.switchlab.provenance;

/** SHA-256 for whoever needs it. */
package dev.switchlab.digest;

/** Files that are whole or not there, and SHA-256. */
package dev.switchlab.io;

/** Files that are whole or not there. */
package dev.switchlab.files;

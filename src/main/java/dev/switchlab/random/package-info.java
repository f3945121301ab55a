/** Random numbers that are derived, never shared: root seed, stream and step give a generator. */
package dev.switchlab.random;

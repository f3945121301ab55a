package dev.switchlab.safetensors;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The content of one safetensors file.
 *
 * @param metadata the header's {@code __metadata__}
 * @param tensors the tensors by name, in the header's order
 */
public record Safetensors(Map<String, String> metadata, Map<String, Tensor> tensors) {

    /** Copies both maps, keeping their order. */
    public Safetensors {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    /**
     * Reads a file. The tensors are views of the mapped file: opening costs no memory in proportion to the tensors, and
     * the file may be deleted or replaced, but not shortened, while they are in use.
     *
     * @throws SafetensorsException if the file is missing, unreadable, or breaks the format in any way: nothing that
     *     the header claims is believed before it is checked against the file's size
     */
    public static Safetensors read(Path file) throws SafetensorsException {
        return Reader.read(file);
    }

    /**
     * Writes {@code file} whole or not at all: a temporary file beside it is written, forced to disk and moved over it.
     * The same content gives the same bytes: metadata sorted by key, tensors by element size (largest first, so that
     * every tensor is aligned) and then by name.
     *
     * @throws IOException if the file cannot be written; what was there before is untouched
     */
    public void write(Path file) throws IOException {
        Writer.write(this, file);
    }
}

package dev.switchlab.data;

import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;

/** Bytes as ids, 256 of them: any file can be a corpus. Text that a person gives is taken as UTF-8. */
public final class ByteTokenizer implements Tokenizer {

    private static final int SIZE = 256;

    @Override
    public int size() {
        return SIZE;
    }

    @Override
    public String vocabulary() {
        return BYTES;
    }

    @Override
    public int[] encode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = Byte.toUnsignedInt(bytes[i]);
        }
        return ids;
    }

    /** @param text a character for each byte, as {@link CorpusStore} reads a corpus for this tokenizer */
    @Override
    public IntBuffer encodeCorpus(String text) {
        return IntBuffer.wrap(text.chars().toArray());
    }

    @Override
    public boolean has(String text) {
        return true;
    }

    @Override
    public String decode(int... ids) {
        requireIds(ids);
        byte[] bytes = new byte[ids.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ids[i];
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ByteTokenizer;
    }

    @Override
    public int hashCode() {
        return SIZE;
    }

    @Override
    public String toString() {
        return "ByteTokenizer[256 bytes]";
    }
}

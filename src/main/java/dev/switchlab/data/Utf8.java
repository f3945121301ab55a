package dev.switchlab.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Strict UTF-8: a byte that cannot be read is an error with its offset, never a replacement character. */
final class Utf8 {
    private Utf8() {}

    /**
     * Decodes a text file as the reference reads one: line ends become {@code \n}. A leading byte order mark is no
     * character of the text and is left out.
     *
     * @param source what the message calls the bytes
     */
    static String text(byte[] bytes, String source) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)
                .decode(in, out, true);
        if (result.isError()) {
            throw new DataException(
                    "corpus %s: not UTF-8 at byte %d (0x%02x); convert it, for example with: iconv -t UTF-8"
                            .formatted(source, in.position(), bytes[in.position()] & 0xff));
        }
        String text = out.flip().toString();
        String unmarked = text.startsWith("\uFEFF") ? text.substring(1) : text;
        return unmarked.replace("\r\n", "\n").replace('\r', '\n');
    }
}

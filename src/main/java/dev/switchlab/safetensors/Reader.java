package dev.switchlab.safetensors;

import static dev.switchlab.safetensors.SafetensorsException.quote;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one file; every claim is checked against the file's size before memory is taken for it. */
final class Reader {
    private static final int LENGTH_BYTES = Long.BYTES;
    /** The format's own limit (the Rust implementation's MAX_HEADER_SIZE). */
    private static final long MAX_HEADER = 100_000_000;

    private Reader() {}

    static Safetensors read(Path file) throws SafetensorsException {
        if (Files.isDirectory(file)) {
            throw new SafetensorsException(file + ": is a folder, not a safetensors file");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return read(file.toString(), channel);
        } catch (SafetensorsException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new SafetensorsException(file + ": no such file", e);
        } catch (IOException e) {
            throw new SafetensorsException(file + ": cannot read: " + e.getMessage(), e);
        }
    }

    private static Safetensors read(String file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < LENGTH_BYTES) {
            throw new SafetensorsException(file + ": the file has " + size + " bytes, too few for a header length");
        }
        long headerLength = readFully(channel, 0, LENGTH_BYTES).getLong();
        long available = size - LENGTH_BYTES;
        if (headerLength < 0 || headerLength > available) {
            throw new SafetensorsException(file + ": the header claims " + Long.toUnsignedString(headerLength)
                    + " bytes, but the file has only " + available + " after the header length");
        }
        if (headerLength > MAX_HEADER) {
            throw new SafetensorsException(
                    file + ": the header has " + headerLength + " bytes; at most " + MAX_HEADER + " are allowed");
        }
        Header header = Header.parse(file, decode(file, readFully(channel, LENGTH_BYTES, (int) headerLength)));
        long dataStart = LENGTH_BYTES + headerLength;
        checkLayout(file, header, size - dataStart);
        return new Safetensors(header.metadata, map(channel, dataStart, size - dataStart, header));
    }

    private static ByteBuffer readFully(FileChannel channel, long position, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
        }
        return bytes.flip();
    }

    private static String decode(String file, ByteBuffer header) throws SafetensorsException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(header).toString();
        } catch (CharacterCodingException e) {
            throw new SafetensorsException(file + ": the header is not UTF-8", e);
        }
    }

    /** Tensors must have the byte count that dtype and shape give, and cover the data without overlap, hole or rest. */
    private static void checkLayout(String file, Header header, long dataBytes) throws SafetensorsException {
        List<Header.Entry> byOffset = header.entries.values().stream()
                .sorted(Comparator.comparingLong(Header.Entry::begin).thenComparingLong(Header.Entry::end))
                .toList();
        Header.Entry before = null;
        long covered = 0;
        for (Header.Entry entry : byOffset) {
            String tensor = file + ": tensor " + quote(entry.name());
            String bytes = " [" + entry.begin() + ", " + entry.end() + ")";
            checkByteCount(tensor, entry);
            if (entry.end() > dataBytes) {
                throw new SafetensorsException(tensor + " takes bytes" + bytes + ", beyond the file's " + dataBytes
                        + " data bytes; the file is cut short or its header is wrong");
            }
            if (entry.begin() < covered && before != null) {
                throw new SafetensorsException(tensor + " takes bytes" + bytes + ", which overlaps tensor "
                        + quote(before.name()) + " [" + before.begin() + ", " + before.end() + ")");
            }
            if (entry.begin() > covered) {
                throw new SafetensorsException(tensor + " takes bytes" + bytes + ", which leaves a hole of "
                        + (entry.begin() - covered) + " bytes before it");
            }
            before = entry;
            covered = entry.end();
        }
        if (covered != dataBytes) {
            throw new SafetensorsException(
                    file + ": the last " + (dataBytes - covered) + " data bytes belong to no tensor");
        }
    }

    private static void checkByteCount(String tensor, Header.Entry entry) throws SafetensorsException {
        String type = entry.dtype() + " " + entry.shape();
        long needed;
        try {
            needed = Tensor.byteCount(entry.dtype(), entry.sizes());
        } catch (ArithmeticException e) {
            throw new SafetensorsException(tensor + " has the impossible shape " + type, e);
        }
        if (needed != entry.end() - entry.begin()) {
            throw new SafetensorsException(tensor + " is " + type + ", which needs " + needed
                    + " bytes, but its data_offsets give " + (entry.end() - entry.begin()));
        }
        if (needed > Integer.MAX_VALUE) {
            throw new SafetensorsException(tensor + " is " + type + ": tensors above 2 GiB cannot be read");
        }
    }

    private static Map<String, Tensor> map(FileChannel channel, long dataStart, long dataBytes, Header header)
            throws IOException {
        // One mapping where it fits: thousands of tensors must not take thousands of mappings.
        ByteBuffer all = dataBytes <= Integer.MAX_VALUE ? channel.map(MapMode.READ_ONLY, dataStart, dataBytes) : null;
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Header.Entry entry : header.entries.values()) {
            int length = (int) (entry.end() - entry.begin());
            ByteBuffer bytes = all == null
                    ? channel.map(MapMode.READ_ONLY, dataStart + entry.begin(), length)
                    : all.slice((int) entry.begin(), length);
            tensors.put(entry.name(), new Tensor(entry.dtype(), entry.sizes(), bytes));
        }
        return tensors;
    }
}

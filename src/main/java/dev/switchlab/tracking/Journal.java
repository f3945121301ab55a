package dev.switchlab.tracking;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A run's events in order, in a file that only grows: one line an event, as {@code <CRC32C, 8 hex digits> <JSON>}.
 *
 * <p>A line that was written survives the death of the process at once, and that of the machine after {@link #force()}. A line that was
 * cut off at the end of the file is taken away when the file is opened again; a damaged line elsewhere is skipped and counted.
 *
 * <p>One thread appends, another may read at the same time.
 */
final class Journal implements AutoCloseable {
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                    .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
                    .build())
            .build();
    private static final int CHECKSUM_LENGTH = 8;
    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private volatile long length;

    /** Opens a journal, creating it when absent, and cuts off what an interrupted write left at its end. */
    Journal(Path file) throws IOException {
        this.file = file;
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        long end = endOfLastLine();
        channel.truncate(end);
        channel.position(end);
        length = end;
    }

    private long endOfLastLine() throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BUFFER);
        long end = channel.size();
        while (end > 0) {
            long start = Math.max(0, end - BUFFER);
            block.clear().limit((int) (end - start));
            while (block.hasRemaining() && channel.read(block, start + block.position()) >= 0) {
                // read on
            }
            for (int i = block.position() - 1; i >= 0; i--) {
                if (block.get(i) == '\n') {
                    return start + i + 1;
                }
            }
            end = start;
        }
        return 0;
    }

    /** Bytes of whole lines. */
    long length() {
        return length;
    }

    /** Adds events at the end. After a failure nothing more may be added. */
    void append(List<Event> events) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (Event event : events) {
            byte[] json = MAPPER.writeValueAsBytes(event);
            lines.writeBytes(checksum(json, 0, json.length).getBytes(StandardCharsets.US_ASCII));
            lines.write(' ');
            lines.writeBytes(json);
            lines.write('\n');
        }
        ByteBuffer bytes = ByteBuffer.wrap(lines.toByteArray());
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        length = channel.position();
    }

    /** Has the operating system write everything to the disk. */
    void force() throws IOException {
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Reads from a place that an earlier {@link Reader#offset()} gave, 0 at first. */
    Reader reader(long offset) throws IOException {
        return new Reader(offset);
    }

    private static String checksum(byte[] bytes, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, to - from);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    /** Reads events one after the other, up to the end as it is at each call. */
    final class Reader implements AutoCloseable {
        private final FileChannel source;
        private final ByteBuffer block = ByteBuffer.allocate(BUFFER).limit(0);
        private final ByteArrayOutputStream longLine = new ByteArrayOutputStream();
        private long offset;
        private int damaged;

        private Reader(long offset) throws IOException {
            this.source = FileChannel.open(file, StandardOpenOption.READ);
            source.position(offset);
            this.offset = offset;
        }

        /** Where the next event begins. */
        long offset() {
            return offset;
        }

        /** Lines skipped because they are not what was written. */
        int damaged() {
            return damaged;
        }

        /** The next event; empty where there is none yet. */
        Optional<Event> next() throws IOException {
            while (offset < length) {
                Optional<Event> event = nextLine();
                if (event.isPresent()) {
                    return event;
                }
                damaged++;
            }
            return Optional.empty();
        }

        /** Reads one line; empty if it is damaged. */
        private Optional<Event> nextLine() throws IOException {
            longLine.reset();
            while (true) {
                int start = block.position();
                int end = start;
                while (end < block.limit() && block.get(end) != '\n') {
                    end++;
                }
                offset += end - start;
                if (end < block.limit()) {
                    offset++;
                    block.position(end + 1);
                    if (longLine.size() == 0) {
                        return parse(block.array(), start, end);
                    }
                    longLine.write(block.array(), start, end - start);
                    return parse(longLine.toByteArray(), 0, longLine.size());
                }
                longLine.write(block.array(), start, end - start);
                block.clear();
                if (source.read(block) <= 0) {
                    throw new IOException(file + " became shorter while it was read");
                }
                block.flip();
            }
        }

        private static Optional<Event> parse(byte[] bytes, int start, int end) {
            int json = start + CHECKSUM_LENGTH + 1;
            if (end <= json) {
                return Optional.empty();
            }
            String expected = new String(bytes, start, CHECKSUM_LENGTH, StandardCharsets.US_ASCII);
            if (!expected.equals(checksum(bytes, json, end))) {
                return Optional.empty();
            }
            try {
                return Optional.of(MAPPER.readValue(bytes, json, end - json, Event.class));
            } catch (IOException e) {
                // The checksum holds, so another version of this program wrote it; it is lost to this one all the same.
                return Optional.empty();
            }
        }

        @Override
        public void close() throws IOException {
            source.close();
        }
    }
}

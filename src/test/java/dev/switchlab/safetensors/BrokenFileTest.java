package dev.switchlab.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which a file can be wrong ends in one line that names the file and, where there is one, the tensor. */
class BrokenFileTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}|8|",
                "{}|0|",
                "{}   |0|",
                "[]|0|the header is not a JSON object",
                "|0|the header is not a JSON object",
                "{} {}|0|there is more after the header's JSON object",
                "{'x':|0|the header is not valid JSON: Unexpected end-of-input",
                "{'__metadata__':{'a':1}}|0|__metadata__ 'a' is not a string",
                "{'__metadata__':[]}|0|__metadata__ is not an object of strings",
                "{'x':7}|0|tensor 'x' is not an object with dtype, shape and data_offsets",
                "{'x':{'dtype':'F33','shape':[],'data_offsets':[0,4]}}|4|tensor 'x' has the dtype 'F33'; known are [F64,",
                "{'x':{'dtype':3,'shape':[],'data_offsets':[0,4]}}|4|tensor 'x' has a dtype that is not a string",
                "{'x':{'dtype':'F32','shape':[]}}|4|tensor 'x' has no data_offsets",
                "{'x':{'shape':[],'data_offsets':[0,4]}}|4|tensor 'x' has no dtype",
                "{'x':{'dtype':'F32','shape':[],'data_offsets':[0,4],'y':1}}|4|tensor 'x' has the unknown key 'y'",
                "{'x':{'dtype':'F32','shape':2,'data_offsets':[0,8]}}|8|tensor 'x' has a shape that is not a list",
                "{'x':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}|8|has a shape with something else than whole",
                "{'x':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}}|8|tensor 'x' has '-2' in its shape, not a size",
                "{'x':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,8]}}|8|in its shape, not a size",
                "{'x':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}|8|tensor 'x' has data_offsets [8, 0], not [beg",
                "{'x':{'dtype':'F32','shape':[2],'data_offsets':[8]}}|8|tensor 'x' has data_offsets [8], not [begin, e",
                "{'x':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}}|8|tensor 'x' is F32 [3], which needs 12 bytes",
                "{'x':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}}|0|has the impossible shape",
                "{'x':{'dtype':'U8','shape':[9],'data_offsets':[0,9]}}|8|tensor 'x' takes bytes [0, 9), beyond the fil",
                "{'x':{'dtype':'U8','shape':[5],'data_offsets':[0,5]},'y':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}}"
                        + "|8|tensor 'y' takes bytes [4, 8), which overlaps tensor 'x' [0, 5)",
                "{'x':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},'y':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}}"
                        + "|8|tensor 'y' takes bytes [4, 8), which leaves a hole of 1 bytes before it",
                "{'x':{'dtype':'U8','shape':[3],'data_offsets':[0,3]}}|8|the last 5 data bytes belong to no tensor",
                "{'x':{'dtype':'U8','shape':[0],'data_offsets':[0,0]},'x':{'dtype':'U8','shape':[0],'data_offsets':[0,0]}}"
                        + "|0|the header is not valid JSON: Duplicate field 'x'",
                "{'x':{'dtype':'U8','dtype':'U8','shape':[0],'data_offsets':[0,0]}}|0|Duplicate field 'dtype'"
            })
    void aWrongHeaderIsRefused(String header, int dataBytes, String complaint) throws IOException {
        String json = header == null ? "" : header.replace('\'', '"');
        Path file = write(json.getBytes(StandardCharsets.UTF_8), dataBytes);
        if (complaint == null) {
            assertThat(Safetensors.read(file).metadata()).isEmpty();
        } else {
            assertRefused(file, complaint);
        }
    }

    @Test
    void aHeaderThatClaimsEightExabytesIsRefusedBeforeMemoryIsTaken() throws IOException {
        assertRefused(
                writeRaw(longBytes(Long.MAX_VALUE)),
                "the header claims 9223372036854775807 bytes, but the file has only 0 after the header length");
        assertRefused(writeRaw(longBytes(-1)), "the header claims 18446744073709551615 bytes");
        assertRefused(writeRaw(longBytes(1)), "the header claims 1 bytes, but the file has only 0");
        assertRefused(writeRaw(new byte[7]), "the file has 7 bytes, too few for a header length");
        assertRefused(writeRaw(new byte[0]), "the file has 0 bytes, too few for a header length");
    }

    @Test
    void aHugeSparseFileIsRefusedByItsHeaderLength() throws IOException {
        Path file = writeRaw(longBytes(1L << 33));
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 34);
        }
        assertRefused(file, "the header has 8589934592 bytes; at most 100000000 are allowed");
    }

    @Test
    void aHeaderThatIsNotUtf8IsRefused() throws IOException {
        assertRefused(write(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, 0), "the header is not UTF-8");
    }

    @Test
    void deepNestingIsRefusedWithoutAStackOverflow() throws IOException {
        byte[] deep = ("{\"x\":" + "[".repeat(1_000_000)).getBytes(StandardCharsets.UTF_8);
        assertRefused(write(deep, 0), "tensor 'x' is not an object");
    }

    @Test
    void namesCannotBreakTheMessagesLine() throws IOException {
        byte[] header = "{\"a\\nb\\u202e\":7}".getBytes(StandardCharsets.UTF_8);
        assertRefused(write(header, 0), "tensor 'a\\u000ab\\u202e' is not an object");
        byte[] longName = ("{\"" + "n".repeat(5000) + "\":7}").getBytes(StandardCharsets.UTF_8);
        assertRefused(write(longName, 0), "nnn...' is not an object");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9, 40, -1, -4, -9})
    void aTruncatedFileIsRefused(int length) throws IOException {
        Path file = folder.resolve("whole");
        new Safetensors(Map.of("kind", "x"), Map.of("a", Tensor.of(new float[] {1, 2, 3}, 3))).write(file);
        byte[] whole = Files.readAllBytes(file);
        Path cut = folder.resolve("cut");
        Files.write(cut, Arrays.copyOf(whole, length < 0 ? whole.length + length : length));
        assertRefused(cut, "");
    }

    @Test
    void noFlippedByteEverEndsInAnythingButARefusal() throws IOException {
        Path file = folder.resolve("whole");
        new Safetensors(
                        Map.of("kind", "x"),
                        Map.of("a", Tensor.of(new float[] {1}, 1), "b", Tensor.of(new long[] {1}, 1)))
                .write(file);
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(1);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(whole.length - 12)] = (byte) random.nextInt();
            Path broken = folder.resolve("broken");
            Files.write(broken, damaged);
            try {
                Safetensors.read(broken);
            } catch (SafetensorsException e) {
                refused++;
                assertThat(e.getMessage()).startsWith(broken + ": ").doesNotContain("\n");
            }
        }
        assertThat(refused).isGreaterThan(1000);
    }

    @Test
    void aMissingFileAndAFolderAreNamed() {
        assertRefused(folder.resolve("absent"), "no such file");
        assertRefused(folder, "is a folder, not a safetensors file");
    }

    private static void assertRefused(Path file, String complaint) {
        assertThatThrownBy(() -> Safetensors.read(file))
                .isInstanceOf(SafetensorsException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(complaint)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(400));
    }

    private Path write(byte[] header, int dataBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header);
        return writeRaw(bytes.array());
    }

    private Path writeRaw(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("broken.safetensors"), bytes);
    }

    private static byte[] longBytes(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }
}

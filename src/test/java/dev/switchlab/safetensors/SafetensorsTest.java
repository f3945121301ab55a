package dev.switchlab.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void everyDtypeSurvivesARoundTrip() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Dtype dtype : Dtype.values()) {
            ByteBuffer bytes = ByteBuffer.allocate(6 * dtype.bytes());
            for (int i = 0; i < bytes.limit(); i++) {
                bytes.put(i, (byte) (dtype == Dtype.BOOL ? i % 2 : 37 * i + 11));
            }
            tensors.put("t." + dtype, new Tensor(dtype, new long[] {2, 3}, bytes));
        }
        tensors.put("scalar", Tensor.of(new float[] {-0.0f}));
        tensors.put("empty", Tensor.of(new long[0], 3, 0, 2));
        tensors.put("ä \"quoted\"\n名", Tensor.of(new float[] {Float.NaN, Float.NEGATIVE_INFINITY}, 2));
        Safetensors written = new Safetensors(Map.of("kind", "mha", "name", "名 \" \\"), tensors);

        Path file = folder.resolve("a/b.safetensors");
        written.write(file);
        Safetensors read = Safetensors.read(file);

        assertThat(read.metadata()).isEqualTo(written.metadata());
        assertThat(read.tensors()).isEqualTo(written.tensors());
        assertThat(files(folder.resolve("a"))).containsExactly("b.safetensors");
    }

    @Test
    void typedAccessorsReadWhatFactoriesWrote() {
        Tensor floats = Tensor.of(new float[] {1.5f, Float.MIN_VALUE}, 2);
        assertThat(floats.floats()).containsExactly(1.5f, Float.MIN_VALUE);
        assertThat(floats.doubles()).containsExactly(1.5, Float.MIN_VALUE);
        assertThatThrownBy(floats::longs).hasMessage("The tensor is F32 [2], not an integer dtype");
        Tensor longs = Tensor.of(new long[] {Long.MIN_VALUE, 7}, 1, 2);
        assertThat(longs.longs()).containsExactly(Long.MIN_VALUE, 7);
        assertThat(longs.shape()).containsExactly(1, 2);
    }

    /** By hand, from the bits. */
    @Test
    void everyDtypeIsReadWithoutLoss() {
        assertThat(tensor(Dtype.F64, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f).doubles()).containsExactly(1.5);
        assertThat(tensor(Dtype.I32, 0xfd, 0xff, 0xff, 0xff, 4, 0, 0, 0).longs())
                .containsExactly(-3, 4);
        assertThat(tensor(Dtype.I16, 0xfd, 0xff).longs()).containsExactly(-3);
        assertThat(tensor(Dtype.I8, 0xfd).longs()).containsExactly(-3);
        assertThat(tensor(Dtype.U8, 200).longs()).containsExactly(200);
        assertThat(tensor(Dtype.BOOL, 1, 0, 1).booleans()).containsExactly(true, false, true);
        int[] halves = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x8001, 0x0400, 0x7c00, 0x8000, 0x7e00};
        assertThat(tensor(Dtype.F16, littleEndian(halves)).floats())
                .containsExactly(
                        1, -2, 65504, 0x1p-24f, -0x1p-24f, 0x1p-14f, Float.POSITIVE_INFINITY, -0.0f, Float.NaN);
        int[] brain = {0x3f80, 0xc000, 0x7f80, 0x0001, 0x8000};
        assertThat(tensor(Dtype.BF16, littleEndian(brain)).floats())
                .containsExactly(1, -2, Float.POSITIVE_INFINITY, 0x1p-133f, -0.0f);
    }

    private static Tensor tensor(Dtype dtype, int... bytes) {
        ByteBuffer buffer = ByteBuffer.allocate(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            buffer.put(i, (byte) bytes[i]);
        }
        return new Tensor(dtype, new long[] {bytes.length / dtype.bytes()}, buffer);
    }

    private static int[] littleEndian(int... shorts) {
        return IntStream.of(shorts)
                .flatMap(bits -> IntStream.of(bits, bits >> 8))
                .toArray();
    }

    @Test
    void theSameContentGivesTheSameAlignedBytes() throws IOException {
        Map<String, Tensor> one = new LinkedHashMap<>();
        one.put("b", tensor(Dtype.BOOL, 1));
        one.put("w", Tensor.of(new long[] {1, 2}, 2));
        one.put("n", Tensor.of(new float[] {3}, 1));
        Map<String, Tensor> other = new LinkedHashMap<>();
        List.of("n", "w", "b").forEach(name -> other.put(name, one.get(name)));
        Path first = folder.resolve("1");
        Path second = folder.resolve("2");
        new Safetensors(Map.of("x", "1", "y", "2"), one).write(first);
        new Safetensors(Map.of("y", "2", "x", "1"), other).write(second);

        assertThat(first).hasSameBinaryContentAs(second);
        assertThat(Safetensors.read(first).tensors().keySet()).containsExactly("w", "n", "b");
        long header = ByteBuffer.wrap(Files.readAllBytes(first))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        assertThat(header % 8).isZero();
    }

    @Test
    void aTensorIsImmutable() {
        float[] values = {1, 2};
        long[] shape = {2};
        Tensor tensor = Tensor.of(values, shape);
        values[0] = 9;
        shape[0] = 9;
        tensor.shape()[0] = 9;
        tensor.data().position(4);
        assertThat(tensor).isEqualTo(Tensor.of(new float[] {1, 2}, 2)).hasToString("F32 [2]");
        assertThat(tensor.data().isReadOnly()).isTrue();
        assertThat(tensor).isNotEqualTo(Tensor.of(new float[] {1, 2}, 1, 2));
        assertThat(Tensor.of(new float[] {0.0f}, 1)).isNotEqualTo(Tensor.of(new float[] {-0.0f}, 1));
    }

    @Test
    void aTensorRefusesDataThatDoesNotFit() {
        assertThatThrownBy(() -> Tensor.of(new float[] {1, 2}, 3))
                .hasMessage("F32 [3] needs 12 bytes, but there are 8");
        assertThatThrownBy(() -> Tensor.of(new float[0], -1, 0)).isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> Tensor.of(new float[0], Long.MAX_VALUE, 4)).isInstanceOf(ArithmeticException.class);
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNoTemporaryOne() throws IOException {
        Path file = folder.resolve("weights");
        new Safetensors(Map.of("v", "1"), Map.of()).write(file);
        byte[] before = Files.readAllBytes(file);
        Safetensors reserved = new Safetensors(Map.of(), Map.of("__metadata__", Tensor.of(new float[] {1}, 1)));

        assertThatThrownBy(() -> reserved.write(file)).hasMessage("A tensor cannot be named __metadata__");
        Path nonEmptyFolder =
                Files.createDirectories(folder.resolve("taken/inside")).getParent();
        assertThatThrownBy(() -> new Safetensors(Map.of(), Map.of()).write(nonEmptyFolder))
                .isInstanceOf(IOException.class);

        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        assertThat(files(folder)).containsExactlyInAnyOrder("weights", "taken");
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.map(path -> path.getFileName().toString()).toList();
        }
    }
}

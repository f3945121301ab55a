package dev.switchlab.train;

import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.safetensors.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Gathers the tensors of sharded experts. */
final class RankTensors {

    /** What only the rank has that has the expert, whatever stands before its name. */
    private static final Pattern OF_EXPERT = Pattern.compile("(^|.*\\.)experts\\.\\d+\\..*");

    private RankTensors() {}

    /** Whether a tensor belongs to one expert. */
    static boolean isOfExpert(String name) {
        return OF_EXPERT.matcher(name).matches();
    }

    /**
     * On rank 0 its own tensors and those of the experts of all other ranks; on the others nothing. All ranks call it
     * together.
     *
     * @param own float32 tensors by state_dict name
     */
    static Map<String, Tensor> gather(ProcessGroup world, Map<String, Tensor> own) {
        Map<String, Tensor> whole = new LinkedHashMap<>(world.isFirst() ? own : Map.of());
        for (int rank = 1; rank < world.size(); rank++) {
            boolean mine = world.rank() == rank;
            String names = text(world.broadcast(bytes(mine ? experts(own) : ""), rank));
            for (String name : names.lines().toList()) {
                byte[] shape = world.broadcast(
                        mine ? bytes(Arrays.toString(own.get(name).shape())) : new byte[0], rank);
                byte[] values = world.broadcast(mine ? bytes(own.get(name).floats()) : new byte[0], rank);
                if (world.isFirst()) {
                    whole.put(name, Tensor.of(floats(values), shape(text(shape))));
                }
            }
        }
        return whole;
    }

    private static String experts(Map<String, Tensor> own) {
        return own.keySet().stream().filter(RankTensors::isOfExpert).collect(Collectors.joining("\n"));
    }

    private static long[] shape(String text) {
        return Arrays.stream(text.substring(1, text.length() - 1).split(", ", -1))
                .mapToLong(Long::parseLong)
                .toArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    private static float[] floats(byte[] bytes) {
        float[] values = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }
}

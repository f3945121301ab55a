package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * A whole language model at evaluation as one call, for the next tokens of a sequence whose earlier keys and values are
 * kept. One token costs a few hundred operators of a few microseconds each, so what counts is their number. The blocks
 * of {@code dev.switchlab.nn} say the same in readable form and are its oracle; no pair of token and expert is dropped.
 *
 * <p>Several tokens (n, D) are a prompt, at the beginning of a sequence; each expert computes its rows of them. One
 * token is a vector (D). On a CPU it takes its experts' weights in place, by their numbers; {@code stacked}, for a GPU,
 * copies them side by side, so that nothing waits for a number to come to the host.
 */
public final class DecoderScript implements AutoCloseable {

    private static final Script SCRIPT = Script.of("decoder", """
            def activated(self, x: Tensor, activation: int) -> Tensor:
              if activation == 0:
                return torch.relu_(x)
              if activation == 1:
                return torch.gelu(x)
              if activation == 2:
                return torch.sigmoid_(x)
              if activation == 4:
                return torch.square_(torch.relu_(x))
              return torch.silu_(x)

            def linear(self, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
              if torch.dim(x) == 1:
                return torch.addmv(b, w, x)
              return torch.linear(x, w, b)

            def normed(self, x: Tensor, w: Tensor, b: Tensor, norm: int) -> Tensor:
              if norm == 1:
                return torch.rms_norm(x, [torch.size(x, -1)], w, 1e-05)
              return torch.layer_norm(x, [torch.size(x, -1)], w, b)

            def dense(self, z: Tensor, w: List[Tensor], activation: int) -> Tensor:
              w1, b1, w2, b2, wv, bv = w
              hidden = (self).activated((self).linear(z, w1, b1), activation)
              if torch.numel(wv) > 0:
                hidden = torch.mul_(hidden, (self).linear(z, wv, bv))
              return (self).linear(hidden, w2, b2)

            def expert(self, z: Tensor, w: List[Tensor], e: int, activation: int) -> Tensor:
              w1, b1, w2, b2, wv, bv = w
              hidden = (self).activated((self).linear(z, torch.select(w1, 0, e), torch.select(b1, 0, e)), activation)
              if torch.numel(wv) > 0:
                hidden = torch.mul_(hidden, (self).linear(z, torch.select(wv, 0, e), torch.select(bv, 0, e)))
              return (self).linear(hidden, torch.select(w2, 0, e), torch.select(b2, 0, e))

            # One token (D), its experts' numbers (K): (K, D).
            def side_by_side(self, z: Tensor, w: List[Tensor], chosen: Tensor, activation: int) -> Tensor:
              w1, b1, w2, b2, wv, bv = w
              hidden = torch.add(torch.matmul(torch.index_select(w1, 0, chosen), z), torch.index_select(b1, 0, chosen))
              hidden = (self).activated(hidden, activation)
              if torch.numel(wv) > 0:
                gate = torch.add(torch.matmul(torch.index_select(wv, 0, chosen), z), torch.index_select(bv, 0, chosen))
                hidden = torch.mul_(hidden, gate)
              y = torch.bmm(torch.index_select(w2, 0, chosen), torch.unsqueeze(hidden, 2))
              return torch.add(torch.squeeze(y, 2), torch.index_select(b2, 0, chosen))

            def switch(self, x: Tensor, z: Tensor, w: List[Tensor], router: List[int], activation: int, scale: float) -> Tensor:
              weight, bias, selection_bias = torch.slice(w, 0, 3)
              experts = torch.slice(w, 3, 9)
              score, gating, k, stacked = router
              ranking = (self).linear(z, weight, bias)
              if score == 1:
                ranking = torch.softmax(ranking, -1)
              if score == 2:
                ranking = torch.sigmoid(ranking)
              wishes = ranking
              if torch.numel(selection_bias) > 0:
                wishes = torch.add(ranking, selection_bias)
              if k == 1:
                chosen = torch.argmax(wishes, -1, True)
              else:
                _, order = torch.sort(wishes, stable=True, dim=-1, descending=True)
                chosen = torch.narrow(order, -1, 0, k)
              gates = torch.gather(ranking, -1, chosen)
              if score == 0:
                gates = torch.softmax(gates, -1)
              if gating == 0:
                gates = torch.ones_like(gates)
              if gating == 2:
                gates = torch.div(gates, torch.add(torch.sum(gates, [-1], True), 1e-20))
              if scale != 1.:
                gates = torch.mul(gates, scale)
              y = x
              if torch.dim(z) == 2:
                for e in range(torch.size(weight, 0)):
                  sent = torch.eq(chosen, e)
                  rows = torch.select(torch.nonzero(sent), 1, 0)
                  if torch.numel(rows) > 0:
                    gate = torch.index_select(torch.sum(torch.mul(gates, sent), [1], True), 0, rows)
                    outputs = (self).expert(torch.index_select(z, 0, rows), experts, e, activation)
                    y = torch.index_add(y, 0, rows, torch.mul(outputs, gate))
              else:
                if stacked == 1:
                  y = torch.add(y, torch.matmul(gates, (self).side_by_side(z, experts, chosen, activation)))
                else:
                  if k == 1:
                    y = torch.addcmul(y, (self).expert(z, experts, int(chosen), activation), gates)
                  else:
                    for i in range(k):
                      output = (self).expert(z, experts, int(torch.select(chosen, 0, i)), activation)
                      y = torch.addcmul(y, output, torch.narrow(gates, 0, i, 1))
              return y

            # (1, H, n, W), with the angles of each position (S, W / 2).
            def turned(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
              a, b = torch.chunk(x, 2, -1)
              first = torch.sub(torch.mul(a, cos), torch.mul(b, sin))
              return torch.cat([first, torch.add(torch.mul(a, sin), torch.mul(b, cos))], -1)

            # The cache (2, 1, H, S, W) has keys and values of p tokens, and then of n more.
            def attention(self, z: Tensor, w: List[Tensor], table: List[Tensor], normed: bool, rotary: bool, p: int) -> Tensor:
              qkv, qkv_bias, output, output_bias = torch.slice(w, 2, 6)
              cache = w[23]
              shape = [1, -1, 3, torch.size(cache, 2), torch.size(cache, 4)]
              all = torch.permute(torch.reshape((self).linear(z, qkv, qkv_bias), shape), [2, 0, 3, 1, 4])
              n = torch.size(all, 3)
              q = torch.select(all, 0, 0)
              new = torch.narrow(all, 0, 1, 2)
              if normed or rotary:
                k = torch.select(new, 0, 0)
                if normed:
                  q = torch.rms_norm(q, [torch.size(q, -1)], w[24], 1e-05)
                  k = torch.rms_norm(k, [torch.size(k, -1)], w[25], 1e-05)
                if rotary:
                  cos, sin = table
                  cos = torch.narrow(cos, 0, p, n)
                  sin = torch.narrow(sin, 0, p, n)
                  q = (self).turned(q, cos, sin)
                  k = (self).turned(k, cos, sin)
                new = torch.stack([k, torch.select(new, 0, 1)], 0)
              torch.copy_(torch.narrow(cache, 3, p, n), new)
              keys, values = torch.unbind(torch.narrow(cache, 3, 0, p + n), 0)
              mixed = torch.scaled_dot_product_attention(q, keys, values, None, 0., n > 1)
              return (self).linear(torch.reshape(torch.transpose(mixed, 1, 2), torch.size(z)), output, output_bias)

            def logits(self, tokens: Tensor, model: List[Tensor], layers: List[Tensor], settings: List[int], scale: float, p: int) -> Tensor:
              count, positions, bigram, norm, qk_norm, activation, score, gating, k, stacked = settings
              embedding, final, final_bias, generator, generator_bias = torch.slice(model, 0, 5)
              table = torch.slice(model, 5, 7)
              x = torch.embedding(embedding, tokens)
              if positions == 1:
                learned = torch.narrow(table[0], 0, p, torch.numel(tokens))
                x = torch.add(x, torch.reshape(learned, torch.size(x)))
              for i in range(count):
                w = torch.slice(layers, i * 26, i * 26 + 26)
                z = (self).normed(x, w[0], w[1], norm)
                x = torch.add(x, (self).attention(z, w, table, qk_norm == 1, positions == 2, p))
                z = (self).normed(x, w[6], w[7], norm)
                if torch.numel(w[8]) > 0:
                  x = torch.add(x, (self).dense(z, torch.slice(w, 8, 14), activation))
                if torch.numel(w[14]) > 0:
                  x = (self).switch(x, z, torch.slice(w, 14, 23), [score, gating, k, stacked], activation, scale)
              if torch.dim(x) == 2:
                x = torch.select(x, 0, -1)
                tokens = torch.select(tokens, 0, -1)
              logits = (self).linear((self).normed(x, final, final_bias, norm), generator, generator_bias)
              if bigram == 1:
                logits = torch.add_(logits, torch.embedding(model[7], tokens))
              return logits
            """);

    private final Settings settings;
    private final Script.Tensors model;
    private final Script.Tensors layers;

    /**
     * What does not change from token to token.
     *
     * @param layers L
     * @param positions 0 none, 1 learned, 2 rotary
     * @param bigram whether a table by the last token is added to the logits
     * @param norm 0 layer, 1 root mean square
     * @param qkNorm whether queries and keys are normalised
     * @param activation 0 ReLU, 1 GELU, 2 sigmoid, 3 SiLU, 4 ReLU squared
     * @param score 0 softmax over the chosen, 1 softmax over all, 2 sigmoid
     * @param gating 0 one, 1 the score, 2 the score over the sum of the chosen
     * @param choices K
     * @param gateScale factor on the gates
     * @param stacked whether the weights of a token's experts are copied side by side
     */
    public record Settings(
            int layers,
            int positions,
            boolean bigram,
            int norm,
            boolean qkNorm,
            int activation,
            int score,
            int gating,
            int choices,
            double gateScale,
            boolean stacked) {

        private long[] numbers() {
            return new long[] {
                layers,
                positions,
                bigram ? 1 : 0,
                norm,
                qkNorm ? 1 : 0,
                activation,
                score,
                gating,
                choices,
                stacked ? 1 : 0
            };
        }
    }

    /**
     * Keeps the lists; what stands in them belongs to the caller. An absent network is six empty tensors, absent gates
     * are two, an absent bias is zeros, an absent selection bias is empty.
     *
     * @param model embedding (V, D); final norm, weight and bias (D); generator, weight (V, D) and bias (V); two tables
     *     by position: (S, D) and an empty one if learned, cosines and sines (S, W / 2) if rotary, else two empty ones;
     *     table of bigrams (V, V) if there is one
     * @param layers 26 per layer: attention's norm, weight and bias; query, key and value as one, weight (3 * D, D) and
     *     bias (3 * D); output, weight and bias; the network's norm, weight and bias; dense network, weight and bias of
     *     layer1, layer2 and linear_v; router, weight, bias and selection bias; experts like the dense network with E
     *     in front; keys and values (2, 1, H, S, W); norms of queries and keys (W), or two empty ones
     */
    public DecoderScript(Settings settings, List<NDArray> model, List<NDArray> layers) {
        this.settings = settings;
        this.model = new Script.Tensors(model);
        this.layers = new Script.Tensors(layers);
    }

    /**
     * Logits (V) of what comes after the last of {@code tokens}, whose keys and values are written behind those of the
     * tokens before.
     *
     * @param manager owns the result
     * @param tokens int64; (n) with none before, or () for one token
     * @param before tokens before these
     */
    public NDArray logits(NDManager manager, NDArray tokens, int before) {
        return SCRIPT.tensor(
                manager, "logits", tokens, model, layers, settings.numbers(), settings.gateScale, before); // (V)
    }

    @Override
    public void close() {
        model.close();
        layers.close();
    }
}

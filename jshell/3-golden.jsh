// %% [markdown]
// # Golden tensors
//
// A golden case is one safetensors file: weights, inputs, and what the reference PyTorch implementation made of them. The checker
// builds the module, replays the inputs, and compares every output and gradient.

// %% tags=["rounding"]
golden("switch_ff_drop").table()

// %% [markdown]
// Each case passes in every form of dispatch, so every tensor counts twice. An error of 1 would be exactly the tolerance. What is
// inside one case:

// %%
Path file = Path.of("golden/switch_ff_drop_scale_skew.safetensors");
Safetensors content = Safetensors.read(file);
table("tensor", content.tensors().entrySet().stream().map(e -> e.getKey() + "  " + e.getValue()).toList())

// %% [markdown]
// ## Broken on purpose
//
// One element of the expected output, off by 0.001. Real differences in rounding are a thousand times smaller.

// %%
Tensor good = content.tensors().get("output.final_output");
float[] values = good.floats();
values[5] += 0.001f;
Map<String, Tensor> tensors = new LinkedHashMap<>(content.tensors());
tensors.put("output.final_output", Tensor.of(values, good.shape()));
Path broken = Path.of("target/broken.safetensors");
new Safetensors(content.metadata(), tensors).write(broken);

// %%
GoldenCheck result = golden("target/broken.safetensors");
check(!result.passed(), "the broken case fails");
result.failures().stream().filter(line -> line.contains("wrong")).forEach(System.out::println);

// %% [markdown]
// NaN never passes, not even where NaN is expected, and a file that is cut off is refused in one line.

// %%
values[5] = Float.NaN;
tensors.put("output.final_output", Tensor.of(values, good.shape()));
new Safetensors(content.metadata(), tensors).write(broken);
check(!golden("target/broken.safetensors").passed(), "NaN fails");

// %%
byte[] bytes = Files.readAllBytes(file);
Files.write(broken, Arrays.copyOf(bytes, bytes.length / 2));
GoldenCheck cut = golden("target/broken.safetensors");
check(!cut.passed(), "a file that is cut off fails");
cut.failures().get(0).strip()

// %%
Files.delete(broken);
check(golden("switch_ff").passed(), "all switch layers pass");
System.out.println(golden("switch_ff").report().summary());

